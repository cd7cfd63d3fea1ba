"""Names of the other town, made in other ways than the first generator's: surnames composed, spellings derived by rule.

Only what reports write matters here: most of these names are in no table of the product, on purpose.
"""

from random import Random

ORIGIN_SHARES = {
    "White British": 0.58,
    "Pakistani/Bangladeshi": 0.14,
    "African": 0.08,
    "Indian": 0.06,
    "East European": 0.06,
    "Chinese/Vietnamese": 0.05,
    "Irish/Traveller": 0.03,
}

SWAPPED = {"Chinese/Vietnamese": 0.12, "Pakistani/Bangladeshi": 0.03, "African": 0.04, "Indian": 0.02, "East European": 0.015}
"""Share of reports with the names in the other order; 0.6% for the others."""

_BOYS = {
    "White British": "Jack Harry George Oliver Charlie Thomas William James Alfie Oscar Leo Freddie Archie Theo Max Isaac Lucas Edward Finley Toby Albert Vincent Rowan Lenny Emmett Clark Montgomery Lawrence Bertram Gregory Duncan Malcolm Angus Hamish Leonard Walter Clive Nigel Trevor Curtis Damon Warren Ashton Kian Levi Tobias Hector Monty Ned Casper Ignatius Laurence",
    "Pakistani/Bangladeshi": "Muhammad Ibrahim Yusuf Ali Hamza Ahmed Bilal Zayd Uzair Huzaifa Abubakr Saad Danish Adeel Shahzaib Tanvir Rafi Mahir Sakib Nafis Tamim Ridwan Shafin Arif Masum Haroon Nauman Kamran Sohail Naveed Zeeshan Faizan Moiz Rizwan Sajid Amjad Yasir",
    "African": "Abdirahim Guled Mahamud Sharmarke Jibril Ayub Zubeyr Oluwatimilehin Oluwafemi Adedayo Kolawole Olamide Obinna Uchenna Chinedu Kelechi Ebuka Yaw Kojo Nii Ekow Kwabena Samson Solomon Emmanuel Isaac Simeon Tawanda Kudzai Munashe Takudzwa Bereket Henok Eyob Biniam Lamin Modou Ebrima Sulayman",
    "Indian": "Jaskaran Harjot Navdeep Gagandeep Rajveer Paramveer Armaan Vivaan Rudra Atharv Ayush Tejas Om Parth Kunal Ashwin Sachin Manav Jatin Hardik Nirav Hemant Chirag Dhiren Bhavesh",
    "East European": "Tymon Fryderyk Ignacy Stanislaw Leon Franciszek Adrian Patryk Kamil Bartosz Rafal Grzegorz Robert Sebastian Razvan Florin Marius Adrian Catalin Darius Rares Matas Jonas Dominykas Nojus Rokas Emils Roberts Markuss Zoltan Bence Levente Jaroslav Matej Ondrej Pavlo Nazar",
    "Irish/Traveller": "Darragh Fiachra Padraig Eamon Cormac Donal Colm Diarmuid Lorcan Ronan Rian Senan Fergus Michael Patrick John James Larry Felix Paddy Hughie Tommy Willie Jimmy Charlie Denny",
}
_GIRLS = {
    "White British": "Olivia Amelia Isla Ava Lily Freya Emily Ivy Grace Rosie Evie Poppy Charlotte Willow Ella Elsie Jessica Lottie Ada Marnie Tabitha Cecily Beatrice Winifred Dorothy Iris Hazel Flora Mabel Bryony Tamsin Gwen Verity Felicity Philippa Harriet Rhiannon Carys Ffion Cerys Aleesha Kacey Lacey-Mae Ellie-Mae Lily-Rose Amelia-Rose Gracie-Mae Lexie Demi-Leigh Kendra Tiegan Jorja Ebony",
    "Pakistani/Bangladeshi": "Fatima Maryam Aisha Zainab Khadija Hafsa Inaya Sumaiya Nusrat Tasnim Farzana Shamima Rumana Tahmina Sabiha Nabila Mahira Afreen Alishba Hania Dua Minha Ayra Zunairah Rameen Sehrish Kinza Uzma Sadia Samina Razia Naila Fariha Ishrat Jannatul Mehjabin",
    "African": "Hamdi Ubah Filsan Sabirin Deqa Idil Najma Ikram Hafsa Oluwatoyin Modupe Yetunde Bukola Morenike Abimbola Nneka Ogechi Uzoamaka Nkechi Afia Esi Ekua Serwaa Nana Comfort Patience Charity Mercy Tariro Ruvimbo Kudakwashe Vimbai Tsion Mahlet Feven Luwam Fatoumata Binta Kaddy Awa",
    "Indian": "Jaspreet Navneet Parminder Harleen Ravneet Avneet Ishika Anvi Aarohi Prisha Kiara Vanya Tanvi Ritika Sneha Swati Deepika Bhavna Hetal Jinal Komal Krupa Mansi Nidhi Payal",
    "East European": "Lilianna Iga Marcelina Kornelia Blanka Nadia Oliwia Weronika Dominika Justyna Beata Ewa Andra Ilinca Miruna Georgiana Raluca Denisa Emilija Liepa Austeja Gabija Ugne Elza Marta Estere Lilla Boglarka Zsofia Terezie Adela Solomiya Zlata Bohdana",
    "Irish/Traveller": "Fionnuala Deirdre Sorcha Clodagh Cara Eabha Sadhbh Muireann Mairead Nuala Oonagh Assumpta Bernadette Chantelle Margaret Kathleen Mary Nan Missie Rosanne Kitty Barbara Chloe Savannah Shakira",
}
_SYLLABLES = "An Bao Bei Bin Bo Chang Chun Cong Dan Fei Gang Guang Hai Han Hao Heng Hong Hua Jia Jian Jing Jun Kang Kun Lan Lei Lin Ling Mei Min Ming Na Ning Ping Qi Qian Rong Rui Shan Shu Song Tian Wei Wen Xi Xia Xiang Xin Xue Yan Yang Yi Ying Yong Yu Yuan Yue Yun Ze Zhen Zhi Zi".split()
_VIET_MIDDLE = ("Thi", "Van", "Ngoc", "Minh", "Quoc", "Bao", "Kim", "Duc", "Xuan", "Thanh")
_VIET_LAST = "Anh Hoa Lan Huong Linh Mai Thao Trang Yen Chau Duong Hai Hieu Khoa Long Nam Phuc Quang Son Tuan Vinh Thinh Dung My Nhi".split()
_CHOSEN_ENGLISH = "Jason Kevin Andy Tony Eric Vivian Jenny Cindy Tiffany Winnie Ivan Raymond".split()

_STEMS = "Al Ap Ash Bar Bent Birk Brad Brans Bur Cal Cars Chat Clay Cot Cran Dal Den Dun East Ed Elm Fair Fen Gar Gil Good Hal Ham Har Hather Hay Hel Hol Hor Hun Kel Kirk Lang Law Lin Lock Mar Mel Mid New Nor Oak Old Pem Pres Rad Red Ro Rush Sel Shef Shel Skel South Stan Stock Sut Swin Tad Thorn Up Wal War Wat Wel Wes Whit Wil Win Wood Wor".split()
_ENDINGS = "ley ton ham field worth well son man croft shaw by wick ford stead bank hurst combe gate ridge den".split()
_COMMON = "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker White Edwards Hughes Green Hall Lewis Harris Clarke Jackson Turner Hill Wood Ward Cooper King Lee Baker Martin Morgan Allen James Scott Phillips Watson Davis Parker Price Bennett Young Griffiths Mitchell Kelly Cook".split()
_FAMILIES = {
    "Pakistani/Bangladeshi": "Khan Hussain Ahmed Ali Akhtar Begum Iqbal Malik Mahmood Shah Rehman Mirza Bhatti Awan Cheema Gondal Janjua Kayani Khattak Lodhi Minhas Niazi Paracha Rana Sattar Tanoli Warraich Chowdhury Miah Uddin Islam Talukdar Sikder Mollah Biswas Bhuiyan Laskar Khatun Khanam Sultana Kausar Shaheen",
    "African": "Hersi Duale Ismail Abdullahi Mohamud Aden Elmi Hashi Roble Samatar Adeniyi Akinola Ogundipe Olawale Oyelaran Afolabi Onyeka Ibekwe Anyanwu Uche Ekwueme Ofori Antwi Acheampong Quaye Tetteh Adjei Baffour Chiwenga Mapfumo Nyathi Gumbo Mugabe Tadesse Mengistu Alemu Berhane Ceesay Jobe Touray Njie Sowe",
    "Indian": "Singh Kaur Patel Shah Sharma Kumar Rai Basra Cheema Deol Hundal Kang Lidder Nijjar Panesar Rai Sekhon Toor Uppal Agarwal Bhandari Chaudhari Dave Gandhi Iyengar Jain Kulkarni Lakhani Modi Nayak Pandya Raval Soni Tailor Vaghela",
    "East European": "Adamski Baranowski Borkowski Czarnecki Gorski Jaworski Kubicki Lisowski Majewski Nowicki Olszewski Przybylski Rutkowski Sikorski Tomaszewski Urbanski Walczak Zawadzki Duda Zajac Pietrzak Balan Ciobanu Dobre Enache Florea Lungu Marin Nistor Oprea Sandu Tudor Vasile Jankauskas Stankevicius Kalnins Liepins Szabo Farkas Molnar Prochazka Kucera Melnyk Kravchenko Lysenko Moroz",
    "Irish/Traveller": "McCann McMahon McKenna McLaughlin Ward Maughan Stokes Joyce Connors Delaney O'Leary O'Donnell O'Rourke O'Hara Hegarty Heffernan Fitzpatrick Fitzgerald Mongan Sweeney Purcell Cawley Lawrence Price Coyle Boylan Toohey Kiely Power Roche",
    "Chinese/Vietnamese": "Li Wang Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Hu Zhu Gao Lin He Guo Ma Luo Nguyen Tran Le Pham Huynh Vo Dang Bui Do Ngo Ng Lam Cheung Wong Chan Leung Kwok Lai",
}
_OTHER_ROMAN = {"Zhang": "Cheung", "Wang": "Wong", "Chen": "Chan", "Liu": "Lau", "Huang": "Wong", "Zhou": "Chow", "Wu": "Ng", "Xu": "Hsu", "Lin": "Lam", "Guo": "Kwok", "Zhao": "Chiu", "Zhu": "Chu", "Luo": "Law", "Hu": "Woo", "Yang": "Yeung"}

NICKNAMES = {
    "Thomas": "Tom", "William": "Billy", "James": "Jim", "Edward": "Ted", "Albert": "Bert", "Vincent": "Vinnie", "Lawrence": "Larry", "Gregory": "Greg", "Leonard": "Len",
    "Walter": "Wally", "Theo": "Theodore", "Max": "Maxim", "Archie": "Archibald", "Charlie": "Charles", "Freddie": "Fred", "Harry": "Harrison", "Alfie": "Alfred", "Tobias": "Toby",
    "Olivia": "Liv", "Amelia": "Amy", "Isla": "Izzy", "Emily": "Em", "Charlotte": "Charley", "Jessica": "Jessie", "Beatrice": "Bea", "Dorothy": "Dot", "Philippa": "Pippa",
    "Harriet": "Hatty", "Felicity": "Fliss", "Tabitha": "Tabby", "Winifred": "Freddie", "Rosie": "Rosemary", "Ella": "Elena", "Abubakr": "Bakr", "Oluwatimilehin": "Timi",
    "Oluwafemi": "Femi", "Oluwatoyin": "Toyin", "Chinedu": "Nedu", "Stanislaw": "Stas", "Franciszek": "Franek", "Sebastian": "Bastek", "Michael": "Mikey", "Patrick": "Pat",
    "Jaskaran": "Jas", "Harjot": "Jot", "Gagandeep": "Gagan", "Jaspreet": "Jass", "Parminder": "Pammi", "Margaret": "Peg", "Kathleen": "Kath", "Mary": "May",
}  # fmt: skip

_RESPELT = (("y", "i"), ("ee", "i"), ("ou", "u"), ("kh", "k"), ("dd", "d"), ("ss", "s"), ("aa", "a"), ("ph", "f"), ("ei", "ai"), ("oo", "u"), ("z", "s"), ("q", "k"), ("w", "v"), ("sz", "sh"), ("cz", "ch"), ("ah", "a"), ("ie", "y"), ("ck", "k"), ("mm", "m"), ("ll", "l"), ("nn", "n"), ("bh", "b"), ("u", "oo"), ("i", "ee"), ("a", "aa"))


def respelt(random: Random, name: str) -> str:
    """The name as another clerk hears or transliterates it: one or two sounds written another way, the first letter kept."""
    low = name.lower()
    for _ in range(1 if random.random() < 0.75 else 2):
        able = [(old, new) for old, new in _RESPELT if old in low[1:]]
        if not able:
            break
        old, new = random.choice(able)
        place = low.index(old, 1)
        low = low[:place] + new + low[place + len(old) :]
    return low.title()


def _zipf(random: Random, names: list[str]) -> str:
    return names[min(len(names) - 1, int(random.paretovariate(0.7)) - 1)] if random.random() < 0.55 else random.choice(names)


def forename(random: Random, origin: str, sex: str) -> str:
    """A forename of this origin; Chinese ones have one or two syllables, Vietnamese ones a middle name before."""
    if origin == "Chinese/Vietnamese":
        if random.random() < 0.4:
            return f"{random.choice(_VIET_MIDDLE)} {random.choice(_VIET_LAST)}"
        first = random.choice(_SYLLABLES)
        return f"{first} {random.choice(_SYLLABLES)}" if random.random() < 0.75 else first
    return _zipf(random, (_BOYS if sex == "M" else _GIRLS)[origin].split())


def other_forename(random: Random, origin: str, given: str) -> str:
    """The same forename as somebody else writes it."""
    if origin == "Chinese/Vietnamese":
        first, _, second = given.partition(" ")
        ways = [f"{first}{second.lower()}", f"{first}-{second}", first if second else given, random.choice(_CHOSEN_ENGLISH)]
        return random.choices(ways, (4, 2, 2, 1))[0].strip("-")
    if random.random() < 0.5 and given in NICKNAMES:
        return NICKNAMES[given]
    if "-" in given:
        return random.choice((given.replace("-", " "), given.split("-")[0], given.replace("-", "")))
    return respelt(random, given)


def surname(random: Random, origin: str) -> str:
    """A surname of this origin."""
    if origin == "White British":
        return random.choice(_COMMON) if random.random() < 0.35 else random.choice(_STEMS) + random.choice(_ENDINGS)
    return _zipf(random, _FAMILIES[origin].split())


def surname_of(child_sex: str, origin: str, family: str) -> str:
    """The family's surname in a child's form: Adamski's daughter may be Adamska."""
    if origin == "East European" and child_sex == "F" and family.endswith("ski"):
        return family[:-1] + "a"
    return family


def other_surname(random: Random, family: str) -> str:
    """The same surname as somebody else writes it."""
    if family in _OTHER_ROMAN:
        return _OTHER_ROMAN[family]
    if family.startswith(("Mc", "O'")):
        return random.choice((family.replace("Mc", "Mac"), family.replace("O'", "O "), family.replace("O'", "")))
    if family.endswith(("ska", "ski")):
        return family[:-1] + ("i" if family.endswith("a") else "a")
    return respelt(random, family)
