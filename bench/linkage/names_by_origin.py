"""Names the synthetic children are given, by origin, with the other ways agencies write them. Everyday names, no register.

Forenames are "boys" and "girls"; a name's other spellings follow it after a slash. Earlier names are given more often.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """A group of families: its share, how often names come in the other order, its names with their spellings."""

    name: str
    share: float
    swapped: float
    boys: tuple[tuple[str, ...], ...]
    girls: tuple[tuple[str, ...], ...]
    families: tuple[tuple[str, ...], ...]


def _names(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name.replace("_", " ") for name in word.split("/")) for word in text.split())


WHITE_BRITISH = Origin(
    "White British",
    0.60,
    0.006,
    _names(
        "Oliver/Ollie George/Georgie Harry/Harrison Noah Jack Leo Arthur/Artie Oscar/Oskar Charlie/Charles Jacob/Jake "
        "Thomas/Tom/Tommy Henry/Harry William/Will/Billy Freddie/Frederick Joshua/Josh Alfie/Alfred Theo/Theodore James/Jamie "
        "Ethan Archie/Archer Isaac/Zac Joseph/Joe Alexander/Alex Samuel/Sam Logan Daniel/Dan/Danny Lucas/Luke Edward/Eddie "
        "Benjamin/Ben Mason Max/Maxwell Finley/Finn Reuben/Ruben Riley/Rylee Harrison Elliot/Elliott Toby/Tobias Jaxon/Jackson "
        "Dylan/Dillon Ryan Tyler/Tylor Connor/Conor Callum/Calum Cameron/Cam Jayden/Jaden Kayden/Kaden Aiden/Aidan Hayden "
        "Reece/Rhys Sebastian/Seb Stephen/Steven Michael/Mike Matthew/Matt Christopher/Chris Nathan Nathaniel/Nate Luke Adam "
        "Lewis/Louis Liam Kyle Jamie Aaron/Arron Zachary/Zac Robert/Bobby Stanley/Stan Albert/Bertie Louie Tommy Teddy/Edward "
        "Jude Rory Hugo Jenson/Jensen Blake Carter Bobby Ronnie Frankie/Frank Kai Jay Leon Brandon Bradley/Brad Kieran/Kieron "
        "Sean/Shaun Owen Patrick/Paddy Peter/Pete Philip/Phillip Gabriel/Gabe Dominic/Dom Anthony/Tony Andrew/Andy David/Dave "
        "Mark/Marc John/Jon Jonathan/Jon Nicholas/Nick Corey/Cory Declan Morgan Ellis Harvey Rhys Evan Spencer Fraser/Frazer "
        "Felix Jasper Rupert Barnaby Wilfred/Wilf Ralph Otis Ezra Caleb Kit Arlo Albie Roman Hunter Hudson Chester Dexter"
    ),
    _names(
        "Olivia/Livvy Amelia/Millie Isla/Ayla Ava Ivy Freya Lily/Lilly Florence/Flo Mia Willow Rosie/Rose Sophia/Sofia/Sophie "
        "Isabella/Bella/Izzy Grace/Gracie Daisy Sienna Poppy Elsie Emily/Emilie Ella Evelyn/Evie Phoebe/Pheobe Sofia/Sophia "
        "Evie Charlotte/Lottie Harper Millie/Amelia Matilda/Tilly Maisie Sophie/Sofie Emilia Isabelle/Isabel Ruby Erin "
        "Alice Jessica/Jess Ellie/Eleanor Eleanor/Ellie Chloe/Khloe Lola Scarlett/Scarlet Layla Abigail/Abby/Abi Lucy/Lucie "
        "Hannah/Hanna Megan/Meg Holly/Hollie Molly/Mollie Katie/Katherine/Catherine Elizabeth/Lizzie/Beth Rebecca/Becky "
        "Victoria/Vicky Georgia Amy/Aimee Bethany/Beth Caitlin/Kaitlyn Lauren Leah/Lea Naomi Rachel/Rachael Zoe/Zoey Madison/Maddie "
        "Madeleine/Maddie/Madeline Nicole/Nikki Jasmine/Jasmin Paige Imogen/Immy Lacey/Lacie Amber Summer Skye/Sky Heidi "
        "Eliza/Elizabeth Martha Thea Nancy Robyn/Robin Penelope/Penny Violet Aria Luna Mila Delilah Harriet/Hattie Clara "
        "Lexi/Lexie Faith Eva Eve Anna/Annie Gemma/Jemma Courtney Kayleigh/Kayley Kelsey Shannon Jade Ellen Rosalind/Ros "
        "Stephanie/Steph Samantha/Sam Natasha/Tasha Natalie/Nat Laura Alexandra/Alex/Lexi Francesca/Fran Annabelle/Annabel "
        "Bonnie Edith/Edie Esme/Esmee Margot/Margo Orla Darcie/Darcey Maya Nora Olive Tia Demi Brooke Keira/Kiera Tilly/Matilda"
    ),
    _names(
        "Smith/Smyth Jones Taylor/Tayler Brown/Browne Williams Wilson/Willson Johnson/Johnston Davies/Davis Robinson Wright "
        "Thompson/Thomson Evans Walker White/Whyte Roberts Green/Greene Hall Wood/Woods Jackson Clarke/Clark Harris Harrison "
        "Cook/Cooke Moore/More Ward Allen/Allan Lee/Leigh Shaw Stewart/Stuart Phillips/Philips Reid/Read Matthews/Mathews "
        "Nicholson Hughes Stephens/Stevens Edwards Turner Hill Scott Cooper Morris Ward King Baker Martin Morgan Young James "
        "Bell Mitchell Watson Anderson Bennett/Bennet Gray/Grey Carter Richardson Bailey/Bayley Cox Parker Price/Pryce Collins "
        "Adams Marshall/Marshal Simpson Murray Mills Foster Chapman Webb/Web Lloyd/Loyd Rogers/Rodgers Gibson Hunt Mason "
        "Kennedy Powell/Powel Fisher Palmer Dixon/Dickson Barnes Butler Fletcher Dean/Deane Pearson/Pierson Lawson Barker "
        "Holmes Knight Lowe/Low Brooks/Brookes Graham Jenkins Owen Ellis Armstrong Fox Burton Hart Spencer Rose Saunders/Sanders "
        "Hudson Ford West Harvey Porter Tucker Hawkins Booth Sutton Atkinson Whitehead Bradley Wells Pickering Swift Hargreaves "
        "Ashworth Greenwood Sykes Thornton Crossley Haigh Lister Firth Barraclough Ackroyd Hirst Dyson Brook Jagger Kaye "
        "Pollard Naylor Sugden Holroyd Illingworth Bairstow Robertshaw Murgatroyd Butterworth Entwistle Openshaw Pilkington "
        "Rawlinson Birtwistle Longbottom Duckworth Critchley Fairhurst Gaskell Hindley Prescott Rimmer Tyldesley Winstanley"
    ),
)

PAKISTANI_BANGLADESHI = Origin(
    "Pakistani/Bangladeshi",
    0.14,
    0.03,
    _names(
        "Muhammad/Mohammed/Mohamed/Mohammad/Mohd Ali Hassan/Hasan Hussain/Husain/Hussein Ibrahim/Ebrahim Yusuf/Yousuf/Yusef "
        "Ahmed/Ahmad Adam/Aadam Umar/Omar Hamza/Hamzah Bilal Zain/Zayn Haris/Harris Ismail/Ismaeel Musa/Moosa Isa/Eesa Ayaan/Ayan "
        "Abdullah/Abdulla Rayyan/Rayan Usman/Uthman Zakariya/Zakaria Imran Idris/Idrees Kashif Tariq/Tareq Khalid/Khaled "
        "Faisal/Faysal Salman Shahid/Shaheed Junaid/Junayd Kareem/Karim Rashid/Rasheed Samir/Sameer Amir/Aamir Mikael/Mikail "
        "Sulaiman/Suleman/Sulayman Dawud/Dawood Yahya/Yahia Zubair/Zubayr Talha/Talhah Hashim Owais/Uwais Subhan Rehan/Rayhan "
        "Arham Shayan Taha Asad/Assad Fahad/Fahd Nabeel/Nabil Waqas Sufyan/Sufian Ilyas/Elyas Mustafa/Mustapha Saif/Sayf"
    ),
    _names(
        "Fatima/Fatimah/Fathima Aisha/Ayesha/Aysha Maryam/Mariam Zainab/Zaynab Khadija/Khadijah Hafsa/Hafsah Safiya/Safiyah/Safia "
        "Amina/Aminah Sumaya/Sumayyah/Sumaiya Noor/Nur Yasmin/Yasmeen Iqra Inaya/Inayah Anaya/Anayah Zara/Zahra Layla/Laila "
        "Hana/Hanaa Nadia/Nadiya Saima Sana Sania/Saniya Halima/Haleema Rabia/Rabiya Bushra Mahnoor/Mah_Noor Hoorain/Hurain "
        "Eshaal/Eshal Aliza/Alizah Minahil Areeba/Ariba Laiba Maira/Myra Anam Hira Kiran Sidra/Sidrah Tahira/Tahirah Rukhsana "
        "Shabana Nasreen/Nasrin Parveen/Parvin Farah Huda/Hudah Jannat/Jannah Amna/Aamna Zoya/Zoyah Mehreen/Mehrin Umaima/Umaymah"
    ),
    _names(
        "Khan/Kahn Ahmed/Ahmad Hussain/Hussein/Husain Ali/Aly Begum/Begam Chaudhry/Chaudhary/Choudhury/Chowdhury/Choudhry Iqbal "
        "Akhtar/Akhter Malik/Mallik Mahmood/Mahmoud/Mehmood Rahman/Rehman Miah/Mia Islam Uddin/Udin Shah Mirza Butt/Bhatt "
        "Qureshi/Quraishi Siddiqui/Siddiqi/Siddique Sheikh/Shaikh Raja Aslam Abbas Rashid/Rasheed Saleem/Salim Yusuf/Yousaf Zaman "
        "Haque/Haq/Hoque Karim/Kareem Hassan/Hasan Bibi Javed/Javaid Anwar/Anwer Bashir/Basheer Nawaz Riaz/Riyaz Sadiq/Sadique "
        "Sultan Tariq Younis/Younas Zafar Ashraf Arshad Ayub/Ayoub Farooq/Faruq Ghani Hamid/Hameed Ibrahim Ilyas Jamil/Jameel "
        "Khalid/Khaled Latif/Lateef Majid/Majeed Munir/Muneer Mustafa/Mustapha Nazir/Nazeer Parveen/Parvin Rafiq/Rafique "
        "Sarwar Shafiq/Shafique Sharif/Shareef Tahir Usman/Osman Waheed/Wahid Yaqoob/Yaqub Zaheer/Zahir Alam Sarkar/Sarker"
    ),
)

AFRICAN = Origin(
    "African",
    0.08,
    0.03,
    _names(
        "Oluwaseun/Seun Oluwatobi/Tobi Ayomide/Ayo Temitope/Temi Adebayo/Bayo Babatunde/Tunde Chukwuemeka/Emeka Chidi/Chidinma "
        "Kwame Kofi Kwaku/Kweku Emmanuel/Emanuel Samuel/Sam Daniel/Dan David Joseph/Joe Abdirahman/Abdulrahman Abdi/Cabdi "
        "Mohamed/Mohammed/Maxamed Yusuf/Yuusuf Ahmed/Axmed Mahad Liban Ayanle Bilal Hamza Zakariya/Zakaria Isaac/Issac Elijah/Eli "
        "Nathaniel/Nathan Joshua/Josh Caleb Prince Blessing Divine Malachi Gideon Tendai Tapiwa Farai Tinashe Tatenda Musa "
        "Ousmane/Usman Mamadou/Mamadu Ibrahima/Ibrahim Alhaji Abel Natnael/Nathnael Yonas/Jonas Dawit/David Filmon Robel"
    ),
    _names(
        "Oluwadamilola/Damilola/Dami Oluwakemi/Kemi Folasade/Sade Ifeoluwa/Ife Ngozi Chiamaka/Amaka Adaeze/Ada Akosua Abena Ama "
        "Esther/Ester Blessing Grace/Gracie Deborah/Debbie Ruth Naomi Precious Favour/Favor Faith Mercy Joy Peace Hope "
        "Amina/Aminah Halima/Xalimo Khadija/Khadra Faduma/Fatima Hodan Ifrah/Ifra Sagal Ayaan Hibo/Hiba Sumaya/Sumaiya "
        "Zahra/Sahra Maryan/Maryam Nasra/Nasrah Tanyaradzwa/Tanya Rutendo Chipo Nyasha Makanaka Selam/Selamawit Hiwot Bethlehem/Betty "
        "Fatou/Fatima Aminata/Amina Mariama/Mariam Isatou/Aisha Adwoa Efua Yaa Titilayo/Titi Simisola/Simi Toluwani/Tolu"
    ),
    _names(
        "Okafor Okonkwo Adeyemi Adebayo Ogunleye Oluwole Mensah/Mensa Owusu Boateng Osei Asante/Ashanti Nkrumah Abdi/Cabdi "
        "Hassan/Hasan/Xasan Osman/Usman Omar/Cumar Warsame Farah Mohamed/Mohammed/Maxamed Ali/Cali Ahmed/Axmed Yusuf/Yuusuf Jama "
        "Tesfaye/Tesfay Haile Diallo/Jallow Kamara/Camara Sesay Bangura Conteh Koroma Turay Eze Nwosu Obi Okoro Adeleke Balogun "
        "Bello Ibrahim/Ebrahim Lawal Sani Yakubu Amoah Appiah Agyemang/Agyeman Darko Frimpong Opoku Sarpong Moyo Ncube Ndlovu "
        "Dube Sibanda Chikwanha Mutasa Banda Phiri Mwangi Kamau Otieno Njoroge Wanjiru Gebre Kidane Tekle Abebe Bekele Nur/Noor"
    ),
)

INDIAN = Origin(
    "Indian",
    0.06,
    0.02,
    _names(
        "Arjun/Arjan Aarav/Arav Aryan/Arian Rohan Krishna/Krish Vihaan/Vihan Ishaan/Ishan Harpreet Gurpreet Manpreet Amrit "
        "Jaspreet Simran Vijay/Vijai Sanjay Dev/Dave Aditya/Adithya Kabir Shiv/Shiva Neel/Neil Jai/Jay Dhruv Karan Rahul/Raul Ravi "
        "Kiran Nikhil Pranav Siddharth/Sid Varun Veer/Vir Yash Arnav Advik Reyansh/Reyaansh Zoravar Angad Fateh Ranveer/Ranvir"
    ),
    _names(
        "Priya/Pria Anika/Aneeka Diya/Dia Ananya Aanya/Anya Neha Pooja/Puja Lakshmi/Laxmi Simran Harpreet Jasleen Kiran/Kirren "
        "Aisha/Ayesha Meera/Mira Nisha Riya/Ria Saanvi/Sanvi Shreya/Shria Tara Trisha Avni Aditi Anjali Divya/Divia Isha/Esha "
        "Kavya/Kavia Khushi Mahi Myra/Maira Navya Pari Radha Siya/Sia Amrit Gurleen Manpreet Prabhjot/Prab Sukhmani/Sukh"
    ),
    _names(
        "Singh/Sing Kaur/Kour Patel Sharma Gill Sandhu/Sandu Dhillon/Dhilon Grewal Desai Shetty Iyer/Aiyar Reddy Nair Chohan/Chauhan "
        "Shah Mehta/Metha Gupta Kumar/Kumaar Joshi Bains Dhaliwal Sidhu/Siddhu Mann/Man Virdee/Virdi Kapoor/Kapur Malhotra Verma/Varma "
        "Pillai Menon Rao Mistry Parmar Solanki Thakur/Thakor Vyas Trivedi Bhatt Amin Lal Ram Bhogal Sahota Atwal Johal Purewal"
    ),
)

EAST_EUROPEAN = Origin(
    "East European",
    0.06,
    0.01,
    _names(
        "Jakub/Jacob Jan Antoni/Antony Filip/Philip Mikolaj/Nicholas Aleksander/Alexander Kacper/Kasper Szymon/Simon Wojciech "
        "Mateusz/Matthew Michal/Michael Piotr/Peter Oskar/Oscar Igor Wiktor/Victor Dominik/Dominic Maksymilian/Max Nikodem Marcel "
        "Andrei/Andrew Alexandru/Alex Stefan/Stephen Luca Matei David/Dawid Mihai/Michael Ionut/Ion Cristian/Christian Gabriel "
        "Bogdan/Bohdan Vlad/Vladimir Dmitri/Dmytro Ivan/Iwan Oleksandr/Alexander Maksym/Max Artem Danylo/Daniel Lukas/Lucas Tomas/Thomas"
    ),
    _names(
        "Zuzanna/Susanna Julia/Yulia Zofia/Sofia Hanna/Hannah Maja/Maya Lena Alicja/Alice Maria/Marija Oliwia/Olivia Amelia "
        "Aleksandra/Alexandra/Ola Wiktoria/Victoria Natalia/Natalie Emilia Nikola/Nicola Gabriela/Gabriella Antonina Pola Laura "
        "Katarzyna/Kasia Magdalena/Magda Agnieszka/Aga Elena/Helena Andreea/Andrea Ioana/Joanna Ana/Anna Daria/Darya Sofia/Sofiya "
        "Anastasia/Nastya Polina/Paulina Kateryna/Katerina Yana/Jana Veronika/Veronica Bianca Denisa Larisa Karolina/Carolina"
    ),
    _names(
        "Nowak/Nowack Kowalski/Kowalska Wisniewski/Wisniewska Wojcik Kaminski/Kaminska Lewandowski/Lewandowska Zielinski/Zielinska "
        "Szymanski/Szymanska Dabrowski/Dabrowska Kozlowski/Kozlowska Jankowski/Jankowska Mazur Krawczyk Piotrowski/Piotrowska "
        "Grabowski/Grabowska Pawlowski/Pawlowska Michalski/Michalska Krol Wieczorek Wrobel Popescu Ionescu Popa Radu Stan Dumitru/Dimitru "
        "Stoica Gheorghe Rusu Munteanu Petrov/Petrova Ivanov/Ivanova Horvath/Horvat Novak/Novakova Kovac/Kovacs Balog Cerny Dvorak "
        "Shevchenko/Szewczenko Kovalenko Bondarenko Tkachenko Kazlauskas/Kazlauskiene Petrauskas Berzins/Berzina Ozols/Ozola Toth Nagy"
    ),
)

CHINESE_VIETNAMESE = Origin(
    "Chinese/Vietnamese",
    0.03,
    0.12,
    _names(
        "Wei Jun Ming Hao Jie Lei Bo Yi Xin Chen Long Feng Kai Tao Yu_Xuan/Yuxuan Zi_Hao/Zihao Jia_Hao/Jiahao Ka_Ming/Kaming "
        "Chun_Hei/Chunhei Tsz_Hin/Tszhin Ho_Yin/Hoyin Minh Duc Tuan Hung Quoc/Kwok Anh Nam Long Van_Minh/Vanminh Hoang Bao Khang Phuc "
        "Li Xiao_Ming/Xiaoming Yong Jian Qi An Thanh Huy Dat Jason Kevin Andy"
    ),
    _names(
        "Mei/May Ying Xin/Hsin Ling Hui Jia/Chia Yi Yan Li/Lee Na Fang Yu Xiu Qing Wai_Ling/Wailing Mei_Ling/Meiling Xin_Yi/Xinyi "
        "Jia_Yi/Jiayi Hoi_Ching/Hoiching Wing_Yan/Wingyan Tsz_Yan/Tszyan Linh Huong Lan Mai Hoa Thu Thi_Mai/Mai Ngoc Trang Phuong Thao Vy "
        "Bao_Ngoc/Baongoc Khanh Yen Chi Quynh Emily Amy Cindy Xiao_Yu/Xiaoyu Ai Rui Jing"
    ),
    _names(
        "Wang/Wong Zhang/Cheung/Chang Chen/Chan Li/Lee Liu/Lau Yang/Yeung Zhao/Chao/Chiu Wu/Ng Zhou/Chow Xu/Hsu Sun Lin/Lam Zheng/Cheng "
        "Huang/Wong Ho Ma Hu/Woo Guo/Kwok Luo/Law Tang Nguyen/Ngyuen Tran Pham/Phan Le Vu/Vo Dang Bui Do Hoang/Huynh Ngo Duong Ly "
        "Dinh Mai Truong He/Ho Gao/Ko Zhu/Chu Lu/Lo Ye/Yip Su/So Tan/Chan Pan/Poon Yu/Yue Feng/Fung"
    ),
)

IRISH_TRAVELLER = Origin(
    "Irish/Traveller",
    0.03,
    0.006,
    _names(
        "Sean/Shaun Conor/Connor Patrick/Paddy Oisin/Osheen Cillian/Killian Niall/Neil Eoin/Owen Cathal/Cahal Tadhg/Teague "
        "Ruairi/Rory Declan Ciaran/Kieran Michael/Mick/Mikey John/Johnny Martin/Marty James/Jimmy Thomas/Tommy Simon/Simey Miley "
        "Jerry/Gerry Edward/Eddie William/Willie Francis/Frankie Bernard/Barney Hughie/Hugh Dan/Daniel Finn/Fionn Liam Brendan"
    ),
    _names(
        "Saoirse/Sersha Caoimhe/Keeva Niamh/Neeve/Neve Siobhan/Shivaun Aoife/Eefa Ciara/Keira/Kira Sinead/Shinead Roisin/Rosheen "
        "Aisling/Ashling Orla/Orlagh Grainne/Grania Maeve/Meabh Eilish/Ailish Bridget/Bridie/Biddy Margaret/Maggie Mary/Molly "
        "Kathleen/Kathy Ann/Annie Nora/Noreen Winifred/Winnie Eileen/Aileen Philomena/Mena Helen/Ellen Teresa/Tess Nell Shannon"
    ),
    _names(
        "Murphy Kelly/Kelley O'Neill/ONeil/Neill O'Brien/OBrien O'Connor/Connor/OConner McDonagh/McDonough Ward Connors Doherty/Docherty "
        "Gallagher/Gallacher Byrne/Burn Ryan Walsh/Welsh O'Sullivan/Sullivan McCarthy/MacCarthy Doyle Nolan Quinn Maughan/Maughn Stokes "
        "Joyce Cash Delaney Hanrahan Reilly/O'Reilly Cunningham McGinley Collins Lynch Duffy Brennan/Brenan Casey Driscoll/O'Driscoll Keenan"
    ),
)

ORIGINS = (
    WHITE_BRITISH,
    PAKISTANI_BANGLADESHI,
    AFRICAN,
    INDIAN,
    EAST_EUROPEAN,
    CHINESE_VIETNAMESE,
    IRISH_TRAVELLER,
)
